/** An upload in parts that was begun in this browser, kept so that it can go on after a reload. */
export type UploadRecord = {
  id: string;
  user: string;
  bucket: string;
  key: string;
  size: number;
  modified: number;
  print: string;
  partSize: number;
  replace: boolean;
  at: number;
};

const storageKey = "croft.uploads";
/** What is older is forgotten here; the bucket's lifecycle rules free its space. */
const lifetime = 30 * 24 * 3600 * 1000;

export function readRecords(now = Date.now()): UploadRecord[] {
  try {
    const all = JSON.parse(localStorage.getItem(storageKey) ?? "[]") as UploadRecord[];
    return Array.isArray(all) ? all.filter((record) => now - record.at < lifetime) : [];
  } catch {
    return [];
  }
}

function write(records: UploadRecord[]) {
  try {
    localStorage.setItem(storageKey, JSON.stringify(records.slice(-200)));
  } catch {
    // Without room for it the upload works, but a reload begins it anew.
  }
}

export function keepRecord(record: UploadRecord) {
  write([...readRecords().filter((other) => other.id !== record.id), record]);
}

export function dropRecord(id: string) {
  write(readRecords().filter((record) => record.id !== id));
}
