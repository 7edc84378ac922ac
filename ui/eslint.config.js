import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const rawText = "Words on the screen come from src/locales: use t().";

export default tseslint.config(
  { ignores: ["dist", "dev-mock", "src/api/schema.d.ts"] },
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/no-invalid-void-type": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "JSXText[value=/[A-Za-z\\u4e00-\\u9fff]/]", message: rawText },
        {
          selector:
            "JSXAttribute[name.name=/^(title|label|alt|placeholder|description|hint|aria-label|aria-description)$/] > Literal[value=/[A-Za-z\\u4e00-\\u9fff]/]",
          message: rawText,
        },
        {
          selector:
            "JSXElement > JSXExpressionContainer > Literal[value=/[A-Za-z\\u4e00-\\u9fff]/]",
          message: rawText,
        },
        {
          selector:
            "JSXElement > JSXExpressionContainer > TemplateLiteral > TemplateElement[value.raw=/[A-Za-z\\u4e00-\\u9fff]{2}/]",
          message: rawText,
        },
      ],
    },
  },
  { files: ["src/**/*.spec.{ts,tsx}"], rules: { "no-restricted-syntax": "off" } },
);
