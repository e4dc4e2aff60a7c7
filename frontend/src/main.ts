import "leaflet/dist/leaflet.css";
import "./styles/tokens.css";
import "./styles/look.css";
import "./styles/pages.css";
import "./styles/map.css";
import "./styles/small.css";

import { startCharts } from "./charts";
import { startCopies } from "./copy";
import { startConfirms } from "./confirm";
import { startKeys } from "./keys";
import { startFootprints } from "./map/footprint";
import { startOverviews } from "./map/overview";
import { startLocates } from "./locate";
import { startProgress } from "./progress";
import { startReports } from "./report/form";
import { startSends } from "./report/send";

// Each part looks for its own data attributes, and one that fails must not take the others with it:
// without any of them the page still works as plain HTML.
for (const start of [startConfirms, startProgress, startKeys, startReports, startLocates, startSends, startOverviews, startFootprints, startCharts, startCopies]) {
  try {
    start();
  } catch (error) {
    console.error(error);
  }
}
