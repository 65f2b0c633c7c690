/** What this browser remembers of uploads, to go on after it was closed. Without storage nothing is remembered. */

export interface Remembered {
  id: string;
  lastModified: number;
  handle?: FileSystemFileHandle;
}

const STORE = 'uploads';

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const asked = indexedDB.open('tonewright', 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: 'id' });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function within<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | null> {
  let database: IDBDatabase;
  try {
    database = await open();
  } catch {
    return null; // a private window may have none; the service still lists what is unfinished
  }
  try {
    return await new Promise<T>((done, failed) => {
      const asked = act(database.transaction(STORE, mode).objectStore(STORE));
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
  } catch {
    return null;
  } finally {
    database.close();
  }
}

export async function remembered(): Promise<Map<string, Remembered>> {
  const all = await within<Remembered[]>('readonly', (store) => store.getAll());
  return new Map((all ?? []).map((each) => [each.id, each]));
}

export async function remember(upload: Remembered): Promise<void> {
  await within('readwrite', (store) => store.put(upload));
}

export async function forget(id: string): Promise<void> {
  await within('readwrite', (store) => store.delete(id));
}

type Asking = FileSystemFileHandle & {
  queryPermission?(): Promise<PermissionState>;
  requestPermission?(): Promise<PermissionState>;
};

/** The file behind a handle. ask: the browser may ask the person, which it does only after a click. Null: not now. */
export async function reopen(handle: FileSystemFileHandle, ask: boolean): Promise<File | null> {
  const asking = handle as Asking;
  try {
    const now = await (ask ? asking.requestPermission?.() : asking.queryPermission?.());
    return now === 'granted' ? await handle.getFile() : null;
  } catch {
    return null; // moved or deleted
  }
}
