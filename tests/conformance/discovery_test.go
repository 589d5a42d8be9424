package conformance

// discovery is the workflow Content Discovery: tags, page by page, referrers,
// which the registry lists only as far as clients do so under the fallback tag,
// and the list of repositories, which is Docker's.
var discovery = []exchange{
	{name: "tags", method: "GET", path: "/v2/team/app/tags/list", status: 200},
	{name: "tags, first page", method: "GET", path: "/v2/team/app/tags/list?n=1", status: 200},
	{name: "tags, second page", method: "GET", path: "/v2/team/app/tags/list?last=index&n=1", status: 200},
	{name: "tags, last page", method: "GET", path: "/v2/team/app/tags/list?last=v1&n=2", status: 200},
	{name: "tags, no page", method: "GET", path: "/v2/team/app/tags/list?n=0", status: 200},
	{name: "tags, bad page", method: "GET", path: "/v2/team/app/tags/list?n=-1", status: 400},
	{name: "tags, no number", method: "GET", path: "/v2/team/app/tags/list?n=many", status: 400},
	{name: "tags after the last", method: "GET", path: "/v2/team/app/tags/list?last=zzz", status: 200},
	{name: "tags of an unknown repository", method: "GET", path: "/v2/team/nothing/tags/list", status: 404},
	{name: "referrers", method: "GET", path: "/v2/team/app/referrers/" + digest(image), status: 404},
	{name: "referrers of one type", method: "GET", path: "/v2/team/app/referrers/" + digest(image) + "?artifactType=application%2Fvnd.example.sbom", status: 404},
	{name: "referrers of nothing", method: "GET", path: "/v2/team/app/referrers/" + missing, status: 404},
	{name: "referrers, fallback tag", method: "GET", path: "/v2/team/app/manifests/" + fallback(image), status: 200, header: accepts, holds: digest(artifact)},
	{name: "referrers of nothing, fallback tag", method: "GET", path: "/v2/team/app/manifests/" + fallback(layer), status: 404, header: accepts},
	{name: "catalog", method: "GET", path: "/v2/_catalog", status: 200},
	{name: "catalog, first page", method: "GET", path: "/v2/_catalog?n=1", status: 200},
	{name: "catalog, second page", method: "GET", path: "/v2/_catalog?last=team%2Fapp&n=1", status: 200},
}
