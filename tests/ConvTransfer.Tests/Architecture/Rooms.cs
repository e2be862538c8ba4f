using System.Reflection;

namespace ConvTransfer.Tests.Architecture;

/// <summary>A project of the house.</summary>
/// <param name="Name">What follows "ConvTransfer.".</param>
/// <param name="MayReferTo">The rooms it may refer to.</param>
/// <param name="Packages">The packages it may use; for a package behind a door the room is named only here.</param>
internal sealed record Room(string Name, string[] MayReferTo, params string[] Packages)
{
    /// <summary>The project's name.</summary>
    public string Project => $"ConvTransfer.{Name}";

    /// <summary>The compiled room.</summary>
    public Assembly Assembly => Assembly.Load(Name == "Cli" ? "convtransfer" : Project);

    public override string ToString() => Name;
}

/// <summary>The floors: each room refers only to lower ones, rooms on one floor do not see each other.</summary>
internal static class Rooms
{
    private static readonly string[] Below4 = ["Core", "Engine", "Graph", "Operators"];
    private static readonly string[] Below6 = [.. Below4, "Onnx", "Imaging", "Runtime", "Training"];

    /// <summary>The whole house; a room that is not built yet has no folder.</summary>
    private static readonly Room[] Planned =
    [
        new("Core", []),
        new("Engine", ["Core"]),
        new("Graph", ["Core", "Engine"]),
        new("Onnx", ["Core", "Engine", "Graph"], "Google.Protobuf", "Grpc.Tools"),
        new("Imaging", ["Core", "Engine"], "SkiaSharp", "SkiaSharp.NativeAssets.Linux.NoDependencies"),
        new("Operators", ["Core", "Engine", "Graph"]),
        new("Runtime", Below4),
        new("Training", [.. Below4, "Runtime"]),
        new("Pipelines", Below6, "Microsoft.Extensions.Logging.Abstractions"),
        new("MLNet", [.. Below6, "Pipelines"], "Microsoft.ML", "Microsoft.Extensions.Logging.Abstractions"),
        new("Cli", [.. Below6, "Pipelines", "MLNet"], "System.CommandLine", "Spectre.Console", "Microsoft.Extensions.Logging.Abstractions"),
    ];

    /// <summary>The rooms that exist, from the lowest floor up.</summary>
    public static IReadOnlyList<Room> All { get; } = [.. Planned.Where(r => Directory.Exists(Repository.PathOf("src", r.Project)))];

    /// <summary>The rooms' names for theories.</summary>
    public static TheoryData<string> Names => [.. All.Select(r => r.Name)];

    /// <summary>The room of that name.</summary>
    public static Room Named(string name) => All.Single(r => r.Name == name);
}
