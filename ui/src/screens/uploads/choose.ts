/** What was dropped or chosen: files and whole folders, in the order in which people count. */

export interface Picked {
  file: File;
  /** The folder that was dropped, "" for a file on its own. */
  folder: string;
  /** To read it again after the browser was closed, where the browser can. */
  handle?: FileSystemFileHandle;
}

export interface Choice {
  picked: Picked[];
  /** Names of what a folder held besides sounds. */
  left: string[];
}

/** By name as people count: 2 before 10. */
export function inOrder<T>(items: readonly T[], name: (item: T) => string): T[] {
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  return [...items].sort((a, b) => collator.compare(name(a), name(b)));
}

/**
 * Whether a file out of a folder is to be sent. Folders hold pictures and sessions, too, which nobody meant; a file
 * that was chosen by itself is always tried, and refused in words.
 */
export function soundsLikeSound(file: { name: string; type: string }, extensions: ReadonlySet<string>): boolean {
  if (file.name.startsWith('.')) return false;
  const dot = file.name.lastIndexOf('.');
  if (dot > 0 && extensions.has(file.name.slice(dot).toLowerCase())) return true;
  return file.type.startsWith('audio/');
}

/** The sounds among what was picked, in order, and what was left out. */
export function sorted(picked: readonly Picked[], extensions: ReadonlySet<string>): Choice {
  const keep = (each: Picked) => each.folder === '' || soundsLikeSound(each.file, extensions);
  return {
    picked: inOrder(picked.filter(keep), (each) => `${each.folder}/${each.file.name}`),
    left: picked.filter((each) => !keep(each) && !each.file.name.startsWith('.')).map((each) => each.file.name),
  };
}

/** "cover.jpg, notes.txt and 3 more". */
export function someOf(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** Everything in a drop, folders opened. Has to be called within the event: the list is gone after it. */
export async function fromDrop(transfer: DataTransfer): Promise<Picked[]> {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  // both have to be asked before anything is waited for
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const handles = items.map(
    (item) =>
      (item as { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> })
        .getAsFileSystemHandle?.()
        .catch(() => null) ?? null,
  );
  const files = items.map((item) => item.getAsFile());
  const found = await Promise.all(
    items.map(async (_, index): Promise<Picked[]> => {
      const entry = entries[index];
      if (entry?.isDirectory) return inFolder(entry as FileSystemDirectoryEntry, entry.name);
      const file = files[index];
      const handle = await handles[index];
      const again = handle?.kind === 'file' ? { handle: handle as FileSystemFileHandle } : {};
      return file ? [{ file, folder: '', ...again }] : [];
    }),
  );
  return found.flat();
}

async function inFolder(folder: FileSystemDirectoryEntry, name: string): Promise<Picked[]> {
  const reader = folder.createReader();
  const found: Picked[] = [];
  for (;;) {
    // a reader gives a hundred at most at a time
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return found;
    for (const entry of some) {
      if (entry.isDirectory) found.push(...(await inFolder(entry as FileSystemDirectoryEntry, name)));
      else {
        const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
        found.push({ file, folder: name });
      }
    }
  }
}

/** What came from a file field; of a folder field the first part of the path is the folder. */
export function fromField(files: Iterable<File>): Picked[] {
  return [...files].map((file) => ({ file, folder: file.webkitRelativePath.split('/').slice(0, -1)[0] ?? '' }));
}
