/** Names for the generated wire types; written once in Python (server/wire). */
import type { components } from './schema';

type Schemas = components['schemas'];

export type IProject = Schemas['Project'];
export type IProblem = Schemas['Problem'];
export type IPipelineSummary = Schemas['PipelineSummary'];
export type IPipeline = Schemas['Pipeline'];
export type IWireBlock = Schemas['Block'];
export type IBlockTemplate = Schemas['BlockTemplate'];
export type IOutputSummary = Schemas['OutputSummary'];
export type ITrigger = Schemas['Trigger'];
export type ITriggerCreate = Schemas['TriggerCreate'];
export type ITriggerChange = Schemas['TriggerChange'];
export type ISchedulePreview = Schemas['SchedulePreview'];
export type IRun = Schemas['Run'];
export type IStep = Schemas['Step'];
export type IRunSummary = Schemas['RunSummary'];
export type ILog = Schemas['Log'];
export type ILogRecord = Schemas['LogRecord'];
export type IProduct = Schemas['Product'];
export type IProductOutput = Schemas['ProductOutput'];
export type IColumn = Schemas['Column'];
export type IRows = Schemas['Rows'];
export type IStatistics = Schemas['Statistics'];
export type IColumnStatistics = Schemas['ColumnStatistics'];
export type IHealth = Schemas['Health'];
export type IDbtModel = Schemas['DbtModel'];
export type ISecret = Schemas['Secret'];
export type IConnections = Schemas['Connections'];
export type IConnector = Schemas['Connector'];
export type IConnectionTest = Schemas['ConnectionTestResult'];
export type IMissingPackage = Schemas['MissingPackage'];
export type IRequirements = Schemas['Requirements'];
export type IDataProduct = Schemas['DataProduct'];
export type IPipelineTemplate = Schemas['PipelineTemplate'];
export type IForm = Schemas['Form'];
export type IFormField = Schemas['FormField'];

export interface IPage<T> {
  items: T[];
  next: string | null;
}
