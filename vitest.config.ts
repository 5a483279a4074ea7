import { defineConfig } from "vitest/config";

const vm = {
  test: {
    name: "vm",
    include: ["test/vm/**/*.vm.test.ts"],
    globalSetup: ["test/vm/global-setup.ts"],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    fileParallelism: false,
  },
};

export default defineConfig({
  test: {
    projects: [
      // In a virtual machine, where there is one: `npm run test:vm`.
      ...(process.env.DHOW_VM_LAB === undefined ? [] : [vm]),
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/vm/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.e2e.test.ts"],
          globalSetup: ["test/e2e/global-setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          // After the unit tests: what is killed at a certain moment should not compete with them for the machine.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
