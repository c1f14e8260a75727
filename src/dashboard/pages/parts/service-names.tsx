import { serviceHref } from "../data/place.ts";

/** Names with a link to the page of each; a host outside of the mesh has none. */
export const ServiceNames = ({ names }: { readonly names: readonly string[] }) => (
  <>
    {names.map((name, i) => (
      <span key={name}>
        {i > 0 && ", "}
        {name.startsWith("egress:") ? name : <a href={serviceHref(name)}>{name}</a>}
      </span>
    ))}
  </>
);
