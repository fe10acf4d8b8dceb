/** The ids of all commands; nothing else. */
// eslint-disable-next-line @typescript-eslint/no-namespace
export namespace CommandIDs {
  // notebook
  export const openPipeline = 'mage:open-pipeline';
  export const runBlock = 'mage:run-block';
  export const runWithUpstream = 'mage:run-with-upstream';
  export const runFromHere = 'mage:run-from-here';
  export const runAll = 'mage:run-all';
  export const runStale = 'mage:run-stale';
  export const runTests = 'mage:run-tests';
  export const runDbt = 'mage:run-dbt';
  export const runWithVariables = 'mage:run-with-variables';
  export const restartAndRunFromHere = 'mage:restart-and-run-from-here';
  export const runInCleanProcess = 'mage:run-in-clean-process';
  export const addBlock = 'mage:add-block';
  export const chooseBlock = 'mage:choose-block';
  export const addDbtModel = 'mage:add-dbt-model';
  export const newDbtModel = 'mage:new-dbt-model';
  export const renameBlock = 'mage:rename-block';
  export const duplicateBlock = 'mage:duplicate-block';
  export const replicateBlock = 'mage:replicate-block';
  export const toggleDynamic = 'mage:toggle-dynamic';
  export const toggleReduce = 'mage:toggle-reduce';
  export const saveBlockTemplate = 'mage:save-block-template';
  export const removeBlock = 'mage:remove-block';
  export const moveBlockUp = 'mage:move-block-up';
  export const moveBlockDown = 'mage:move-block-down';
  export const blockSettings = 'mage:block-settings';
  export const openBlockFile = 'mage:open-block-file';
  export const pipelineSettings = 'mage:pipeline-settings';
  export const exportNotebook = 'mage:export-notebook';
  export const openAsPipeline = 'mage:open-as-pipeline';
  // canvas
  export const openCanvas = 'mage:open-canvas';
  export const canvasUndo = 'mage:canvas-undo';
  export const canvasRedo = 'mage:canvas-redo';
  // preview
  export const openProduct = 'mage:open-product';
  // sidebar
  export const newPipeline = 'mage:new-pipeline';
  export const renamePipeline = 'mage:rename-pipeline';
  export const duplicatePipeline = 'mage:duplicate-pipeline';
  export const deletePipeline = 'mage:delete-pipeline';
  export const createProject = 'mage:create-project';
  export const openExample = 'mage:open-example';
  export const showSidebar = 'mage:show-sidebar';
  export const refresh = 'mage:refresh';
  export const importHistory = 'mage:import-history';
  export const importNotebook = 'mage:import-notebook';
  export const importSelectedNotebook = 'mage:import-selected-notebook';
  export const showRequirements = 'mage:show-requirements';
  export const savePipelineTemplate = 'mage:save-pipeline-template';
  export const manageDataProducts = 'mage:manage-data-products';
  export const copyPipelinePath = 'mage:copy-pipeline-path';
  export const openProblem = 'mage:open-problem';
  // connections
  export const openConnections = 'mage:open-connections';
  export const manageSecrets = 'mage:manage-secrets';
  export const installPackage = 'mage:install-package';
  // runs
  export const openRuns = 'mage:open-runs';
  export const openRun = 'mage:open-run';
  export const runPipeline = 'mage:run-pipeline';
  export const cancelRun = 'mage:cancel-run';
  export const retryRun = 'mage:retry-run';
  // triggers
  export const openTriggers = 'mage:open-triggers';
  export const newTrigger = 'mage:new-trigger';
  export const editTrigger = 'mage:edit-trigger';
  export const runTrigger = 'mage:run-trigger';
  export const toggleTrigger = 'mage:toggle-trigger';
  export const deleteTrigger = 'mage:delete-trigger';
}
