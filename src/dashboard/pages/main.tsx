import { render } from "preact";
import { App } from "./app.tsx";
import { applyTheme } from "./parts/theme.tsx";
import "./style/all.css";

applyTheme();
render(<App />, document.getElementById("app")!);
