package main

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// series is all that has been scraped: the storage of a test, in memory.
type series []*storage.SeriesEntry

// add takes a series in the notation of promtool: its name and labels, and its values, one each interval from start.
func (s *series) add(name, values string, start time.Time, interval time.Duration) error {
	metric, sequence, err := language.ParseSeriesDesc(name + " " + values)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, other := range *s {
		if labels.Equal(other.Lset, metric) {
			return fmt.Errorf("%s is there twice", name)
		}
	}
	var samples []chunks.Sample
	for i, value := range sequence {
		if !value.Omitted {
			at := start.Add(time.Duration(i) * interval)
			samples = append(samples, sample{at: at.UnixMilli(), value: value.Value})
		}
	}
	*s = append(*s, storage.NewListSeries(metric, samples))
	return nil
}

// query returns what an expression is at an instant.
func (s series) query(ctx context.Context, expression string, at time.Time) (promql.Vector, error) {
	query, err := engine.NewInstantQuery(ctx, s, nil, expression, at)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(ctx)
	if result.Err != nil {
		return nil, result.Err
	}
	switch value := result.Value.(type) {
	case promql.Vector:
		return value, nil
	case promql.Scalar:
		return promql.Vector{{T: value.T, F: value.V}}, nil
	default:
		return nil, fmt.Errorf("%s is a %s, which is no alert", expression, value.Type())
	}
}

// engine has the settings of a Prometheus that nobody has configured.
var engine = promql.NewEngine(promql.EngineOpts{
	MaxSamples:               50_000_000,
	Timeout:                  time.Minute,
	LookbackDelta:            5 * time.Minute,
	NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
	EnableAtModifier:         true,
	EnableNegativeOffset:     true,
	Parser:                   language,
})

// Querier is for the engine: it looks at the times itself.
func (s series) Querier(_, _ int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: s.choose}, nil
}

func (s series) choose(isSorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	set := &chosen{}
	for _, one := range s {
		if matches(one.Lset, matchers) {
			set.series = append(set.series, one)
		}
	}
	if isSorted {
		sort.Slice(set.series, func(i, j int) bool {
			return labels.Compare(set.series[i].Lset, set.series[j].Lset) < 0
		})
	}
	return set
}

func matches(metric labels.Labels, matchers []*labels.Matcher) bool {
	for _, matcher := range matchers {
		if !matcher.Matches(metric.Get(matcher.Name)) {
			return false
		}
	}
	return true
}

// chosen goes through series one by one: `next` is the number of the one after the current.
type chosen struct {
	series series
	next   int
}

func (c *chosen) Next() bool {
	c.next++
	return c.next <= len(c.series)
}

func (c *chosen) At() storage.Series                { return c.series[c.next-1] }
func (c *chosen) Err() error                        { return nil }
func (c *chosen) Warnings() annotations.Annotations { return nil }

// sample is a number at an instant, in milliseconds.
type sample struct {
	at    int64
	value float64
}

func (s sample) T() int64                      { return s.at }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.value }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }
