import { useRouter } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";

/**
 * useRouteFocus moves the focus to the new page's title when the path changes, as a page load
 * would, and returns the words to announce. Changes of search or hash leave the focus alone.
 */
export function useRouteFocus(onChange: () => void): string {
  const router = useRouter();
  const [announcement, setAnnouncement] = useState("");
  const changed = useEffectEvent(onChange);
  useEffect(() => {
    // Without it the arrow and page keys would not scroll a page just opened.
    if (document.activeElement === document.body) document.getElementById("main")?.focus();
  }, []);
  useEffect(
    () =>
      router.subscribe("onRendered", ({ fromLocation, toLocation }) => {
        if (!fromLocation || fromLocation.pathname === toLocation.pathname) return;
        changed();
        requestAnimationFrame(() => {
          const title = document.querySelector<HTMLElement>("[data-page-title]");
          (title ?? document.getElementById("main"))?.focus({ preventScroll: true });
          setAnnouncement(document.title);
        });
      }),
    [router],
  );
  return announcement;
}
