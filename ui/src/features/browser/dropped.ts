/** filesOf reads what was dropped, folders with all that is in them, as paths and files. */
export async function filesOf(items: DataTransferItemList): Promise<{ path: string; file: File }[]> {
  const entries = Array.from(items)
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const found = await Promise.all(entries.map((entry) => walk(entry, "")));
  return found.flat();
}

async function walk(entry: FileSystemEntry, parent: string): Promise<{ path: string; file: File }[]> {
  const path = parent + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: { path: string; file: File }[] = [];
  for (;;) {
    // A reader hands out a hundred entries at a time and an empty list at its end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return found;
    for (const child of batch) found.push(...(await walk(child, `${path}/`)));
  }
}
