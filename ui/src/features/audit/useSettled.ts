import { useEffect, useState } from "react";

const pause = 300;

/** useSettled follows a value once it has stopped changing, so that typing does not ask at every key. */
export function useSettled<T extends Record<string, string>>(value: T): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text) as T), pause);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
