/** Windows. */
import { gap } from '../../reference/core/backend.ts';
import type { Part } from './lowering.ts';

const onlyImages = gap('the engine has windows of images only');

export const windowed: Part<
  'reduce_window_sum' | 'reduce_window_max' | 'reduce_window_min' | 'select_and_gather_add' | 'select_and_scatter_add'
> = {
  reduce_window_sum: onlyImages,
  reduce_window_max: onlyImages,
  reduce_window_min: onlyImages,
  select_and_gather_add: onlyImages,
  select_and_scatter_add: onlyImages,
};
