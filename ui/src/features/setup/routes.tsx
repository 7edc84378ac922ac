import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { instanceQuery } from "@/api/session";
import { rootRoute } from "@/routes/base";

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/setup",
  beforeLoad: async ({ context }) => {
    const instance = await context.queryClient.fetchQuery(instanceQuery);
    if (!instance.setupRequired) throw redirect({ to: "/" });
  },
  component: lazyRouteComponent(() => import("./SetupPage"), "SetupPage"),
});

export const publicRoutes = [setupRoute] as const;
