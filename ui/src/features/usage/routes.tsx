import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { appRoute } from "@/routes/base";
import { rangeIn } from "./range";

const bucketUsageRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/buckets/$bucket/usage",
  validateSearch: rangeIn,
  component: lazyRouteComponent(() => import("./BucketUsagePage"), "BucketUsagePage"),
});

const storeUsageRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/usage",
  validateSearch: rangeIn,
  component: lazyRouteComponent(() => import("./StoreUsagePage"), "StoreUsagePage"),
});

export const appRoutes = [bucketUsageRoute, storeUsageRoute];
