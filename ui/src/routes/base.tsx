/** The routes that others hang under. Features import these and export their own leaves. */
import { createRootRouteWithContext, createRoute, Outlet, redirect } from "@tanstack/react-router";
import type { QueryClient } from "@tanstack/react-query";
import { projectQuery } from "@/api/queries";
import { instanceQuery, sessionQuery } from "@/api/session";
import { NotFound } from "@/features/shell/NotFound";
import { RouteError } from "@/features/shell/RouteError";
import { Shell } from "@/features/shell/Shell";

export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: RouteError,
});

/** appRoute is everything behind the login, inside the shell. */
export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "app",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (session) return;
    const instance = await context.queryClient.ensureQueryData(instanceQuery);
    if (instance.setupRequired) throw redirect({ to: "/setup" });
    throw redirect({ to: "/login", search: location.href === "/" ? {} : { next: location.href } });
  },
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: RouteError,
});

/** unknownRoute is every address that no page has; it keeps the navigation at hand. */
export const unknownRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "$",
  component: NotFound,
});

/** projectRoute loads the project, so that its pages can count on it being there. */
export const projectRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/projects/$project",
  loader: ({ context, params }) => context.queryClient.ensureQueryData(projectQuery(params.project)),
  component: Outlet,
  errorComponent: RouteError,
});
