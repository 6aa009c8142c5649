/** A stored row. `version` counts its writes; `due` is when something should have happened (ms), absent at rest. */
export interface Row {
  id: string;
  version: number;
  due?: number;
}
