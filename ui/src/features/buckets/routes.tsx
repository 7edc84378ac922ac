import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { appRoute } from "@/routes/base";

const bucketsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets",
  component: lazyRouteComponent(() => import("./BucketsPage"), "BucketsPage"),
});

const browserRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets/$bucket",
  validateSearch: (search: Record<string, unknown>): { prefix?: string; deleted?: true; unfinished?: true } => ({
    ...(typeof search.prefix === "string" && search.prefix ? { prefix: search.prefix } : {}),
    ...(search.deleted === true ? { deleted: true } : search.unfinished === true ? { unfinished: true } : {}),
  }),
  component: lazyRouteComponent(() => import("@/features/browser/BrowserPage"), "BrowserPage"),
});

const settingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets/$bucket/settings",
  component: lazyRouteComponent(() => import("./BucketSettingsPage"), "BucketSettingsPage"),
});

const replicationRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets/$bucket/replication",
  component: lazyRouteComponent(() => import("./ReplicationPage"), "ReplicationPage"),
});

const lifecycleRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets/$bucket/lifecycle",
  component: lazyRouteComponent(() => import("./LifecyclePage"), "LifecyclePage"),
});

const inventoryRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets/$bucket/inventory",
  component: lazyRouteComponent(() => import("./InventoryPage"), "InventoryPage"),
});

const simulatorRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets/$bucket/simulator",
  component: lazyRouteComponent(() => import("@/features/access/SimulatorPage"), "SimulatorPage"),
});

const eventsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets/$bucket/events",
  component: lazyRouteComponent(() => import("./EventsPage"), "EventsPage"),
});

export const appRoutes = [
  bucketsRoute,
  browserRoute,
  settingsRoute,
  replicationRoute,
  lifecycleRoute,
  inventoryRoute,
  simulatorRoute,
  eventsRoute,
];
