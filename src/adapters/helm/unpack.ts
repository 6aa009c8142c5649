import { gunzipSync } from 'node:zlib';
import { permanent } from '../../domain/errors.ts';

/** Bytes that one archive may unpack to, which is helm's own limit. */
const UNPACKED_BYTES = 104_857_600;

/** The tar of an archive, gzipped or not. Errors: AppError `chart-too-large` (permanent), also where it is broken. */
export const unpackArchive = (archive: Uint8Array): Uint8Array => {
  if (archive[0] !== 0x1f || archive[1] !== 0x8b) return archive;
  try {
    return gunzipSync(archive, { maxOutputLength: UNPACKED_BYTES });
  } catch (cause) {
    const reason = `it is broken, or unpacks to more than ${UNPACKED_BYTES} bytes`;
    throw permanent('chart-too-large', `the archive cannot be unpacked: ${reason}`, { cause });
  }
};
