// Package chart draws line charts as SVG, for pages.
package chart
