// Package agentdir reads the configuration folder of PCP's openmetrics agent: .url files and
// executables. It makes each of them a scrape job, and fetches its page.
//
// Prometheus' scraper connects to a server in this process, which fetches the page as
// the agent does: from a URL with the headers of the .url file, from a file, from a unix
// socket, or from the output of an executable. The page reaches the scraper without the
// metrics that a filter excludes, and in a form that Prometheus' parser accepts.
package agentdir
