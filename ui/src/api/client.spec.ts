import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { api, body, setCsrf, whenSignedOut } from "./client";
import { ApiError, errorText, fieldText } from "./errors";

let requests: Request[];
let answer: () => Response;

beforeEach(() => {
  requests = [];
  vi.stubGlobal("fetch", (request: Request) => {
    requests.push(request);
    return Promise.resolve(answer());
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  setCsrf("");
  whenSignedOut(() => undefined);
});

const json = (status: number, value: unknown, headers = {}) =>
  new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json", ...headers } });

async function failure(call: Promise<unknown>): Promise<ApiError> {
  return call.then(
    () => {
      throw new Error("expected a failure");
    },
    (error: unknown) => error as ApiError,
  );
}

test("changes carry the CSRF token, looking does not", async () => {
  setCsrf("secret");
  answer = () => json(200, { items: [] });
  await body(api.GET("/api/v1/projects"));
  answer = () => json(200, {});
  await api.POST("/api/v1/projects", { body: { slug: "a-b", name: "A", description: "" } });
  expect(requests.map((r) => r.headers.get("X-Croft-CSRF"))).toEqual([null, "secret"]);
});

test("an error keeps its code, request and fields", async () => {
  answer = () =>
    json(422, {
      code: "slug_invalid",
      message: "Not a slug.",
      requestId: "r1",
      fields: [{ path: "body.slug", message: "Too short." }],
    });
  const error = await failure(body(api.GET("/api/v1/projects")));
  expect(error).toBeInstanceOf(ApiError);
  expect([error.status, error.code, error.requestId]).toEqual([422, "slug_invalid", "r1"]);
  expect(fieldText(error, "slug")).toBe("Too short.");
  expect(fieldText(error, "name")).toBeUndefined();
  // No translation for this code: the server's own words.
  expect(errorText(error)).toBe("Not a slug.");
});

test("known codes are said in the user's language", async () => {
  answer = () => json(429, { code: "rate_limited", message: "slow down" }, { "Retry-After": "30" });
  expect(errorText(await failure(body(api.GET("/api/v1/projects"))))).toBe(
    "Too many attempts. Please wait 30 seconds and try again.",
  );
  answer = () => new Response("<html>bad gateway</html>", { status: 502, statusText: "Bad Gateway" });
  expect((await failure(body(api.GET("/api/v1/projects")))).code).toBe("internal");
});

test("an unreachable server is an error of its own", async () => {
  answer = () => {
    throw new TypeError("Failed to fetch");
  };
  const error = await failure(body(api.GET("/api/v1/projects")));
  expect([error.status, error.code]).toEqual([0, "network"]);
});

test("a session that ended is told, except when it is asked for", async () => {
  const ended = vi.fn();
  whenSignedOut(ended);
  answer = () => json(401, { code: "unauthenticated", message: "" });
  await failure(body(api.GET("/api/v1/session")));
  expect(ended).not.toHaveBeenCalled();
  await failure(body(api.GET("/api/v1/projects")));
  expect(ended).toHaveBeenCalledTimes(1);
});
