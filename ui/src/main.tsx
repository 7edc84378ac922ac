import "@/lib/tokens.css";
import "@/lib/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onSessionEnd, queryClient } from "@/api/session";
import { Toaster, TooltipProvider } from "@/components";
import { startI18n } from "@/lib/i18n";
import { router } from "@/routes/router";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

onSessionEnd(() => void router.invalidate());

void startI18n().then(() => {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <TooltipProvider>
          <RouterProvider router={router} />
          <Toaster />
        </TooltipProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
});
