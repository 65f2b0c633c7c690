/** Which unfinished upload a file belongs to. */

export interface Unfinished {
  id: string;
  filename: string;
  bytes: number;
  /** Of the file when it was chosen, milliseconds since 1970; unknown in another browser. */
  lastModified?: number;
}

export interface Named {
  name: string;
  size: number;
  lastModified: number;
}

/** The service keeps names without what a file system can't have; the rest of a name tells enough. */
function sameName(kept: string, name: string): boolean {
  const bare = (text: string) =>
    text
      .normalize('NFC')
      .replace(/[\p{C}\s.]+/gu, ' ')
      .trim();
  return bare(kept) === bare(name);
}

/** Whether a file may be the one: its parts are compared by their digests before any is taken as sent. */
export function fits(upload: Unfinished, file: Named): boolean {
  return upload.bytes === file.size && sameName(upload.filename, file.name);
}

/**
 * The upload that a dropped file goes on with, without being asked: the same name and size, and where it is known the
 * same time of the last change; a mix that was exported anew is a new one.
 */
export function matching<T extends Unfinished>(uploads: readonly T[], file: Named): T | null {
  return (
    uploads.find(
      (upload) =>
        fits(upload, file) && (upload.lastModified === undefined || upload.lastModified === file.lastModified),
    ) ?? null
  );
}
