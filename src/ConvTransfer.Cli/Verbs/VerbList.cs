namespace ConvTransfer.Cli.Verbs;

/// <summary>The verbs that exist: the table of contents of the command line. Each has a file of its own.</summary>
internal static class VerbList
{
    /// <summary>All verbs, in the order of <c>--help</c>.</summary>
    public static IReadOnlyList<Verb> All { get; } =
    [
        new InspectVerb(),
        new CheckVerb(),
        new RunVerb(),
        new ConvertVerb(),
        new DiffVerb(),
        new FeaturesVerb(),
        new TrainVerb(),
        new FinetuneVerb(),
        new LrFindVerb(),
        new PredictVerb(),
        new EvaluateVerb(),
        new ConformanceVerb(),
        new BenchVerb(),
        new DemoVerb(),
    ];
}
