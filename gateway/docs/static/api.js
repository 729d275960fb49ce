// One page for the documents of all services; the choice is in the top bar.
const services = ["orders", "inventory", "notifications", "users", "config"];

SwaggerUIBundle({
  dom_id: "#api",
  urls: services.map((name) => ({ name, url: `/api/v1/${name}/openapi.json` })),
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  persistAuthorization: false,
  validatorUrl: null,
});
