import { type BundleFile, bytesOf } from './bundle.ts';

const LFS = 'version https://git-lfs.github.com/spec/v1';

/** Argo CD leaves a file out that says this anywhere. */
const SKIP_MARKER = '+argocd:skip-file-rendering';

/** The text of a manifest file: UTF-8, or UTF-16 where a byte order mark says so. */
export const textOf = (file: BundleFile): string => {
  if ('text' in file) return file.text.startsWith('\uFEFF') ? file.text.slice(1) : file.text;
  const bytes = bytesOf(file);
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : isBigEndian(bytes) ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
};

const isBigEndian = (bytes: Uint8Array): boolean => bytes[0] === 0xfe && bytes[1] === 0xff;

/** A pointer that stands in Git for a file kept elsewhere. */
export const isLfsPointer = (text: string): boolean => text.startsWith(LFS);

/** Whether a manifest's text asks Argo CD to leave the file out. */
export const asksToBeSkipped = (text: string): boolean => text.includes(SKIP_MARKER);
