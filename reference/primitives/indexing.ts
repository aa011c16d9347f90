/** What happens to windows that do not fit: moved until they fit; filled (gather) or dropped (scatter); promised not to occur. */
export type IndexMode = 'clip' | 'fill' | 'promise_in_bounds';

type Dims = readonly number[];
export interface GatherDimensionNumbers {
  readonly offset_dims: Dims;
  readonly collapsed_slice_dims: Dims;
  readonly start_index_map: Dims;
  readonly operand_batching_dims: Dims;
  readonly start_indices_batching_dims: Dims;
}
export interface ScatterDimensionNumbers {
  readonly update_window_dims: Dims;
  readonly inserted_window_dims: Dims;
  readonly scatter_dims_to_operand_dims: Dims;
  readonly operand_batching_dims: Dims;
  readonly scatter_indices_batching_dims: Dims;
}
