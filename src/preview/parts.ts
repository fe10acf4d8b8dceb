/** The heavy half of the preview, fetched when the first table is shown. */
export { ProductSource } from './source';
export { ProductView } from './ProductView';
export { TableModel } from './TableModel';
export { TableView } from './TableView';
