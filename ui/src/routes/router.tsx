import { createRouter } from "@tanstack/react-router";
import { queryClient } from "@/api/session";
import { PageSkeleton } from "@/features/shell/PageSkeleton";
import { routeTree } from "./tree";

export const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  defaultPendingComponent: PageSkeleton,
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
  // Only what a route has validated reaches its page.
  search: { strict: true },
  scrollRestoration: true,
  scrollToTopSelectors: ["#main"],
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
