using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Operators;
using ConvTransfer.Pipelines;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Common;
using Xunit.Abstractions;

namespace ConvTransfer.Tests.Runtime;

/// <summary>The rows M and X of the catalogue of bad input, by the check that does not run a model.</summary>
public sealed class ModelCheckTests(ITestOutputHelper log)
{
    /// <summary>Rows that do not hold yet. A row of this list that holds is printed; none may be added without need.</summary>
    private static readonly string[] Open =
    [
        // A length of -1 and an unknown key of external data, which the reader takes without a word; a variance below 0; sparse initializers.
        "M33", "X15", "M80", "M89",
        // Functions that multiply: refused, but after more memory than allowed.
        "M84",
        // External data: a second location, a checksum, what is no regular file.
        "X16", "X21", "X22",
        // A model behind a link whose data lies behind another link beside it.
        "X24",
    ];

    /// <summary>The rows that must hold: structure, located and combined messages, initializers, external data.</summary>
    public static TheoryData<string> Required => [.. RequiredRows];

    private static readonly string[] RequiredRows =
    [
        .. Enumerable.Range(0, 18).Concat(Enumerable.Range(20, 4)).Concat(Enumerable.Range(36, 7)).Select(n => $"M{n:00}"),
        .. Enumerable.Range(0, 13).Select(n => $"X{n:00}"),
    ];

    [SharedTheory]
    [MemberData(nameof(Required))]
    public void ARowHolds(string id) => Assert.Null(Deviation(FaultTable.Row(id)));

    [SharedFact]
    public void TheOtherRowsHoldUnlessTheyAreListedAsOpen()
    {
        var deviations = FaultTable.Rows.Where(r => r.Id[0] is 'M' or 'X' && !RequiredRows.Contains(r.Id)).Select(r => (r.Id, Deviation: Deviation(r))).ToArray();
        foreach (var (id, deviation) in deviations.Where(d => Open.Contains(d.Id))) log.WriteLine($"{id} is open: {deviation ?? "but holds now"}");
        string[] broken = [.. deviations.Where(d => d.Deviation is not null && !Open.Contains(d.Id)).Select(d => $"{d.Id}: {d.Deviation}")];
        Assert.True(broken.Length == 0, string.Join("\n", broken));
    }

    // Null where the row holds, else how it does not.
    private static string? Deviation(FaultRow row)
    {
        using var scratch = new TemporaryFolder();
        string path = FaultTable.Prepare(row, scratch.Path("faults"));
        string[] before = [.. Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!).Order(StringComparer.Ordinal)];
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        var problems = ModelFile.Check(path);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!).Order(StringComparer.Ordinal));
        if (problems.HasErrors && allocated > (64L << 20) + (4 * new FileInfo(path).Length)) return $"{allocated} bytes were allocated before it was refused";
        string errors = Message(problems, path), warnings = string.Join('\n', problems.Warnings.Select(p => p.Message));
        if (System.Text.Encoding.UTF8.GetByteCount(errors) > 4096) return "the message is longer than 4 KiB";
        if ((errors + warnings).Any(c => char.IsControl(c) && c != '\n')) return "the message holds a control character";
        switch (row.Wanted)
        {
            case "reject" when !problems.HasErrors: return "it was accepted";
            case "reject" when !row.Matches(errors): return $"'{errors}' lacks '{row.Words}'";
            // A valid file may be refused only by the name of an operator that this library does not have yet.
            case "ok" or "warn" when problems.Errors.Any(p => !IsMissingOperator(p)): return errors;
            case "ok" when problems.Warnings.Any(): return $"it was warned of: {warnings}";
            case "warn" when !row.Matches(warnings): return $"'{warnings}' lacks '{row.Words}'";
            default: return null;
        }
    }

    private static bool IsMissingOperator(Problem problem)
    {
        string[] parts = problem.Message.Split("operator ", 2);
        return parts.Length == 2 && parts[1].EndsWith("is not supported", StringComparison.Ordinal) && OperatorSet.Standard.Find("", parts[1].Split(' ')[0]) is null;
    }

    private static string Message(ProblemList problems, string path)
    {
        try
        {
            problems.ThrowIfErrors(path);
            return "";
        }
        catch (ConvTransferException e)
        {
            return e.Detail;
        }
    }

    [Fact]
    public void AnOpenBatchIsPlannedForOneImage()
    {
        var model = SmallNetworks.ConvolutionAsClassifier;
        Model With(Dim batch, Dim height) => model with { Graph = model.Graph with { Inputs = [new ValueInfo("image", new TensorType(Engine.Tensors.ElementType.Float32, [batch, 3, height, 8]))], Outputs = [new ValueInfo("scores", null)] } };
        var small = new Limits { MemoryBytes = 1800 };
        Assert.Empty(ModelCheck.Check(With(Dim.Of("N"), 8)));
        Assert.Equal(FailureCause.Limit, Assert.Single(ModelCheck.Check(With(Dim.Of("N"), 8), small)).Cause);
        // With an open height there is no size to plan for.
        Assert.Empty(ModelCheck.Check(With(Dim.Of("N"), Dim.Of("H")), small));
    }

    [Fact]
    public void AHugeInputIsRefusedWithoutMemoryForIt()
    {
        var model = SmallNetworks.ConvolutionAsClassifier;
        var huge = model with { Graph = model.Graph with { Inputs = [new ValueInfo("image", new TensorType(Engine.Tensors.ElementType.Float32, [1L << 40, 3, 8, 8]))], Outputs = [new ValueInfo("scores", null)] } };
        Assert.Contains("memory limit", Assert.Single(ModelCheck.Check(huge)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryUnsupportedOperatorIsNamedAtOnce()
    {
        var model = SmallNetworks.Model([new Node("NoSuch", ["image"], ["a"]), new Node("NorThis", ["a"], ["b"]), new Node("Conv", ["image", "w"], ["unused"])], [SmallNetworks.Weights("w", 3, 2, 1, 1)], "b", [1]);
        var problems = ModelCheck.Check(model);
        // The wrong convolution is on no way to an output and blocks nothing.
        Assert.Equal(["NoSuch", "NorThis"], problems.Select(p => p.Message.Split("operator ")[1].Split(' ')[0]));
    }
}
