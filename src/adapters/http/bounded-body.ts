/**
 * The bytes of a request, or undefined as soon as more than `maxBytes` have come. Counts what is really read: a
 * Content-Length may lie and may be missing, so it only ever shortens the reading of a body that says it is too large.
 */
export const readBounded = async (request: Request, maxBytes: number): Promise<Uint8Array | undefined> => {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};
