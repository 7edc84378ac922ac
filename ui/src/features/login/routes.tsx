import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { instanceQuery, sessionQuery } from "@/api/session";
import { safeNext } from "@/lib/safeNext";
import { rootRoute } from "@/routes/base";

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: safeNext(search.next) }),
  beforeLoad: async ({ context, search }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (session) throw redirect({ href: search.next ?? "/", replace: true });
    const instance = await context.queryClient.ensureQueryData(instanceQuery);
    if (instance.setupRequired) throw redirect({ to: "/setup" });
  },
  component: lazyRouteComponent(() => import("./LoginPage"), "LoginPage"),
});

export const publicRoutes = [loginRoute] as const;
