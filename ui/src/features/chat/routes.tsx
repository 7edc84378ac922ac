import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { appRoute } from "@/routes/base";

const chatRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/chat",
  component: lazyRouteComponent(() => import("./ChatPage"), "ChatPage"),
});

const roomRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/chat/$room",
  component: lazyRouteComponent(() => import("./ChatPage"), "ChatPage"),
});

export const appRoutes = [chatRoute, roomRoute] as const;
