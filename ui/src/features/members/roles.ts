import type { Role } from "@/api/types";

/** From the most to the least allowed. */
export const roles: Role[] = ["owner", "maintainer", "developer", "viewer"];
