import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { sessionQuery } from "@/api/session";
import { appRoute } from "@/routes/base";

const settingsRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("./SettingsLayout"), "SettingsLayout"),
});

const profileRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/",
  component: lazyRouteComponent(() => import("./ProfilePage"), "ProfilePage"),
});

const securityRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "security",
  component: lazyRouteComponent(() => import("./SecurityPage"), "SecurityPage"),
});

const tokensRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "tokens",
  component: lazyRouteComponent(() => import("./TokensPage"), "TokensPage"),
});

const keysRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "keys",
  component: lazyRouteComponent(() => import("./KeysPage"), "KeysPage"),
});

const accessRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "access",
  component: lazyRouteComponent(() => import("./OwnAccessPage"), "OwnAccessPage"),
});

/** usersRoute is where users were before they had a place among identities. */
const usersRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "users",
  beforeLoad: () => {
    throw redirect({ to: "/identities/users" });
  },
});

const encryptionRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "encryption",
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session?.user.admin) throw redirect({ to: "/settings" });
  },
  component: lazyRouteComponent(() => import("./EncryptionPage"), "EncryptionPage"),
});

const tiersRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "tiers",
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session?.user.admin) throw redirect({ to: "/settings" });
  },
  component: lazyRouteComponent(() => import("./TiersPage"), "TiersPage"),
});

const webhooksRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "webhooks",
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session?.user.admin) throw redirect({ to: "/settings" });
  },
  component: lazyRouteComponent(() => import("./WebhooksPage"), "WebhooksPage"),
});

const drivesRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: "drives",
  component: lazyRouteComponent(() => import("./DrivesPage"), "DrivesPage"),
});

export const appRoutes = [
  settingsRoute.addChildren([
    profileRoute,
    securityRoute,
    tokensRoute,
    keysRoute,
    accessRoute,
    usersRoute,
    drivesRoute,
    tiersRoute,
    encryptionRoute,
    webhooksRoute,
  ]),
] as const;
