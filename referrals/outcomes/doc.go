// Package outcomes counts what became of cases, from the lines of the audit trail and nothing else, and shows no count
// from which somebody who knows one case could learn something about it. It is pure.
//
// # What is counted
//
// A case belongs to a period when a desk was first told of it in it. What became of it is told as it stood when the period
// ended, so that a report that is made again later says the same. Outcomes, reasons, pages and escalations are counted when they
// happened, also those of cases that began before. Who closes a case without having acknowledged it has acknowledged it then. A
// time begins when the desk was first told.
//
// # Small counts
//
// A count under five, zero included, is shown as "<5". Five is what this line promises, and the threshold that statistics
// offices commonly use for tables about people (Hundepool and others, Statistical Disclosure Control, Wiley 2012, chapter 4; the Handbook on
// Statistical Disclosure Control for Outputs, UK Data Service 2019, asks for ten and allows less for data of this kind). Zero is among
// them because it tells about everybody: "relocated: 0" says of each person whose case that desk has that they were not. It has a second
// use: "<5" stands for five values, so that two of them beside their sum do not give themselves away as soon as with four.
//
// A count that is hidden must not be computed from those beside it: a total less the other parts, a total of
// another table, those who were acknowledged from those who were not. So more is hidden, "5+", until every count from one to four could also be
// another number. This is proved and not believed: for each of them the package finds a second table that differs in this count, has the same number wherever a
// number is shown, fits every "<5" and "5+", and adds up wherever this one does. Where it finds none, it hides the smallest number that stands
// in a sum with it, and looks again. What was found is not lost by hiding more, so that one pass is enough. Every count that is shown is part of
// one sheet, where all sums are said, those across tables too: a closed case was acknowledged, a case that reached a desk is one of the cases of
// the line. Where one side may be larger, a number that nobody is shown stands for the rest.
//
// The small counts of a sum together must not be computed either, where that is from one to four: "closed or withdrawn: 3" is as small a
// count as those, and whoever subtracts the cases that are open from all has it. They are proved as if they were a count of the report. Of
// larger ones the sum is known; how it is divided is not.
//
// What is not proved is a group of cells from several rows and several columns, such as "closed in Lima or withdrawn in Quito": adding and
// subtracting several totals may tell how many cases are in it, not in which of its cells. To hide them all would hide nearly everything. Nor is it that a
// count is none: where the parts that are shown are the whole total, the others are.
//
// What this does not withstand: somebody who knows some of the cases and subtracts them, as an organisation that
// knows its own; two reports of periods that overlap by all but a few days; and who reasons about why a "5+" is one. The first is why
// a report is for those who run the line and its desks; for the second, make reports of whole months and keep to them.
//
// # Times
//
// A median is shown of five times or more, the middle half and a 95th percentile of twenty or more, and all of them rounded as people say
// times: of few times such a number is one person's, and of fewer than twenty the last is the longest that somebody waited. The median of an even number of times is between the two in the middle; the others are
// the smallest time that so many of the times do not exceed.
package outcomes
