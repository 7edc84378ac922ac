import type { Entry } from "./keys";

/**
 * Selection is what is chosen in a folder: entries by key, or all that the folder (or what was
 * typed to narrow it) holds, also what was not read yet. The cursor is the row that keys move, the
 * anchor where a range begins.
 */
export type Selection = {
  chosen: ReadonlyMap<string, Entry>;
  all: boolean;
  cursor: number;
  anchor: number;
};

export const nothing: Selection = { chosen: new Map(), all: false, cursor: -1, anchor: -1 };

export const isChosen = (selection: Selection, key: string) => selection.all || selection.chosen.has(key);

/** only chooses one row. */
export function only(index: number, entry: Entry): Selection {
  return { chosen: new Map([[entry.key, entry]]), all: false, cursor: index, anchor: index };
}

/** toggle adds a row, or takes it away. */
export function toggle(selection: Selection, index: number, entry: Entry): Selection {
  const chosen = new Map(selection.all ? [] : selection.chosen);
  if (!chosen.delete(entry.key)) chosen.set(entry.key, entry);
  return { chosen, all: false, cursor: index, anchor: index };
}

/** range chooses the rows from the anchor to index, both included; keep adds them to what was chosen. */
export function range(selection: Selection, index: number, at: (i: number) => Entry | undefined, keep = false): Selection {
  const anchor = selection.anchor < 0 ? index : selection.anchor;
  const chosen = new Map(keep && !selection.all ? selection.chosen : []);
  for (let i = Math.min(anchor, index); i <= Math.max(anchor, index); i++) {
    const entry = at(i);
    if (entry) chosen.set(entry.key, entry);
  }
  return { chosen, all: false, cursor: index, anchor };
}

/** moved puts the cursor on a row without choosing it. */
export function moved(selection: Selection, index: number): Selection {
  return { ...selection, cursor: index, anchor: index };
}

/** everything chooses all there is. */
export function everything(selection: Selection): Selection {
  return { chosen: new Map(), all: true, cursor: selection.cursor, anchor: selection.anchor };
}

export type Step = "up" | "down" | "pageUp" | "pageDown" | "home" | "end";

/** stepped is the row that a key leads to. */
export function stepped(cursor: number, step: Step, count: number, page: number): number {
  const last = count - 1;
  switch (step) {
    case "up":
      return cursor < 0 ? last : Math.max(0, cursor - 1);
    case "down":
      return Math.min(last, cursor + 1);
    case "pageUp":
      return Math.max(0, cursor - page);
    case "pageDown":
      return Math.min(last, cursor + page);
    case "home":
      return 0;
    case "end":
      return last;
  }
}
