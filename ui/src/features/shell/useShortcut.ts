import { useEffect, useEffectEvent } from "react";

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** shortcutName is how the platform writes Ctrl or ⌘ with a key. */
export function shortcutName(key: string): string {
  return mac ? `⌘${key}` : `Ctrl ${key}`;
}

/** useShortcut listens for Ctrl or ⌘ with a key, wherever the focus is. */
export function useShortcut(key: string, action: () => void) {
  const run = useEffectEvent(action);
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.key.toLowerCase() !== key || !(mac ? event.metaKey : event.ctrlKey)) return;
      event.preventDefault();
      run();
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [key]);
}
