using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace ConvTransfer.Tests.Architecture;

/// <summary>Rules on the source text itself.</summary>
public sealed partial class SourceTests(ITestOutputHelper output)
{
    private const int MaxLines = 500;

    [Fact]
    public void NoFileIsLong()
    {
        var sizes = Repository.SourceFiles("src", "tests").Select(f => (File: f, Lines: File.ReadLines(Repository.PathOf(f.Split('/'))).Count())).OrderByDescending(f => f.Lines).ToArray();
        foreach (var (file, lines) in sizes.Take(10)) output.WriteLine($"{lines,5} {file}");
        Assert.DoesNotContain(sizes, s => s.Lines > MaxLines);
    }

    // Tests that need material that may be missing skip through SharedFact and SharedTheory, those that need strace through StraceFact and StraceTheory, and nothing else does.
    [Fact]
    public void NoTestIsSkippedByHand() => Assert.Empty(
        from file in Repository.SourceFiles("tests")
        where file is not ("tests/Common/SharedMaterial.cs" or "tests/Common/Strace.cs" or "tests/ConvTransfer.Tests/Architecture/SourceTests.cs")
        from line in File.ReadLines(Repository.PathOf(file.Split('/')))
        where SkipSetting().IsMatch(line)
        select $"{file}: {line.Trim()}");

    [Fact]
    public void NothingIsLeftForLater() => Assert.Empty(
        from file in Repository.SourceFiles("src", "tests")
        where file != "tests/ConvTransfer.Tests/Architecture/SourceTests.cs"
        from line in File.ReadLines(Repository.PathOf(file.Split('/')))
        where Unfinished().IsMatch(line)
        select $"{file}: {line.Trim()}");

    [GeneratedRegex(@"\bSkip\s*=")]
    private static partial Regex SkipSetting();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b")]
    private static partial Regex Unfinished();
}
