/** The one place where the features' routes come together. */
import { appRoutes as audit } from "@/features/audit/routes";
import { appRoutes as buckets } from "@/features/buckets/routes";
import { appRoutes as chat } from "@/features/chat/routes";
import { appRoutes as identities } from "@/features/identities/routes";
import { publicRoutes as login } from "@/features/login/routes";
import { projectRoutes as members } from "@/features/members/routes";
import { appRoutes as overview } from "@/features/overview/routes";
import { projectRoutes as pipelines } from "@/features/pipelines/routes";
import { projectRoutes as projects } from "@/features/projects/routes";
import { appRoutes as settings } from "@/features/settings/routes";
import { publicRoutes as shared } from "@/features/shared/routes";
import { publicRoutes as setup } from "@/features/setup/routes";
import { appRoutes as usage } from "@/features/usage/routes";
import { appRoute, projectRoute, rootRoute, unknownRoute } from "./base";

export const routeTree = rootRoute.addChildren([
  ...setup,
  ...login,
  ...shared,
  appRoute.addChildren([
    ...overview,
    ...audit,
    ...buckets,
    ...chat,
    ...identities,
    ...settings,
    ...usage,
    unknownRoute,
    projectRoute.addChildren([...projects, ...pipelines, ...members]),
  ]),
]);
