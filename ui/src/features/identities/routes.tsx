import { createRoute, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { sessionQuery } from "@/api/session";
import { appRoute } from "@/routes/base";

/** identitiesRoute is for administrators: policies let nobody in here, only over IAM. */
const identitiesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/identities",
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session?.user.admin) throw redirect({ to: "/settings" });
  },
  component: Outlet,
});

const indexRoute = createRoute({
  getParentRoute: () => identitiesRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/identities/users" });
  },
});

const listsRoute = createRoute({
  getParentRoute: () => identitiesRoute,
  id: "lists",
  component: lazyRouteComponent(() => import("./IdentitiesLayout"), "IdentitiesLayout"),
});

const usersRoute = createRoute({
  getParentRoute: () => listsRoute,
  path: "users",
  component: lazyRouteComponent(() => import("./UsersPage"), "UsersPage"),
});

const groupsRoute = createRoute({
  getParentRoute: () => listsRoute,
  path: "groups",
  component: lazyRouteComponent(() => import("./GroupsPage"), "GroupsPage"),
});

const policiesRoute = createRoute({
  getParentRoute: () => listsRoute,
  path: "policies",
  component: lazyRouteComponent(() => import("./PoliciesPage"), "PoliciesPage"),
});

const rolesRoute = createRoute({
  getParentRoute: () => listsRoute,
  path: "roles",
  component: lazyRouteComponent(() => import("./RolesPage"), "RolesPage"),
});

const providersRoute = createRoute({
  getParentRoute: () => listsRoute,
  path: "providers",
  component: lazyRouteComponent(() => import("./ProvidersPage"), "ProvidersPage"),
});

const userRoute = createRoute({
  getParentRoute: () => identitiesRoute,
  path: "users/$user",
  component: lazyRouteComponent(() => import("./UserPage"), "UserPage"),
});

const groupRoute = createRoute({
  getParentRoute: () => identitiesRoute,
  path: "groups/$name",
  component: lazyRouteComponent(() => import("./GroupPage"), "GroupPage"),
});

const policyRoute = createRoute({
  getParentRoute: () => identitiesRoute,
  path: "policies/$name",
  component: lazyRouteComponent(() => import("./PolicyPage"), "PolicyPage"),
});

const roleRoute = createRoute({
  getParentRoute: () => identitiesRoute,
  path: "roles/$name",
  component: lazyRouteComponent(() => import("./RolePage"), "RolePage"),
});

export const appRoutes = [
  identitiesRoute.addChildren([
    indexRoute,
    listsRoute.addChildren([usersRoute, groupsRoute, policiesRoute, rolesRoute, providersRoute]),
    userRoute,
    groupRoute,
    policyRoute,
    roleRoute,
  ]),
] as const;
