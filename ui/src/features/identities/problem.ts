import { ApiError } from "@/api/errors";
import { problemIn, type Problem } from "@/features/buckets/policies";

/** problemOf is where the server says that a policy is wrong, where it does. */
export function problemOf(error: unknown): Problem | undefined {
  return error instanceof ApiError && error.code === "policy_malformed" ? problemIn(error.message) : undefined;
}
