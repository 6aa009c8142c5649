/** Content-addressed bytes (S3). A cache: a missing object is made again by whoever needs it. */
export interface BlobCache {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}
