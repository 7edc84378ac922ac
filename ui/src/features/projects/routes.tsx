import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "@/routes/base";

const projectIndexRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./ProjectPage"), "ProjectPage"),
});

const projectSettingsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "settings",
  component: lazyRouteComponent(() => import("./ProjectSettingsPage"), "ProjectSettingsPage"),
});

export const projectRoutes = [projectIndexRoute, projectSettingsRoute] as const;
