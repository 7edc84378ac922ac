import { useEffect, useState, type RefObject } from "react";

/** What of a row that scrolls is out of sight. */
type Edges = { before: boolean; behind: boolean };

/** edgesOf says it for a scroll position; less than two pixels are not worth a hint. */
export function edgesOf(row: { scrollLeft: number; clientWidth: number; scrollWidth: number }): Edges {
  return { before: row.scrollLeft > 1, behind: row.scrollLeft + row.clientWidth < row.scrollWidth - 1 };
}

/** useEdges watches what of a row that scrolls sideways is out of sight. */
export function useEdges(ref: RefObject<HTMLElement | null>): Edges {
  const [edges, setEdges] = useState<Edges>({ before: false, behind: false });
  useEffect(() => {
    const row = ref.current;
    if (!row || typeof ResizeObserver === "undefined") return;
    const look = () => {
      const now = edgesOf(row);
      setEdges((old) => (old.before === now.before && old.behind === now.behind ? old : now));
    };
    // Also the tabs are watched: they come and go with what somebody may do, and grow with their font.
    const resized = new ResizeObserver(look);
    const watch = () => {
      resized.disconnect();
      for (const element of [row, ...row.children]) resized.observe(element);
    };
    const children = new MutationObserver(watch);
    watch();
    children.observe(row, { childList: true });
    row.addEventListener("scroll", look, { passive: true });
    return () => {
      resized.disconnect();
      children.disconnect();
      row.removeEventListener("scroll", look);
    };
  }, [ref]);
  return edges;
}
