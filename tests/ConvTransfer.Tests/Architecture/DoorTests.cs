using System.Reflection;
using System.Xml.Linq;

namespace ConvTransfer.Tests.Architecture;

/// <summary>What only some places may touch: vectors, threads, unsafe code, native functions, and the file system's durable side.</summary>
public sealed class DoorTests
{
    [Fact]
    public void OnlyTheEnginesVectorCodeUsesIntrinsics() => Assert.Empty(Users(t => t.Namespace?.StartsWith("System.Runtime.Intrinsics", StringComparison.Ordinal) == true)
        .Where(t => t.Namespace is not ("ConvTransfer.Engine.Simd" or "ConvTransfer.Engine.Resampling"))
        .Select(t => t.FullName));

    // The crew runs the network; the loop over images runs decoding beside it.
    [Fact]
    public void OnlyTheCrewAndTheImageLoopStartThreads() => Assert.Empty(Users(t => t == typeof(Thread) || t == typeof(ThreadPool))
        .Where(t => t.Namespace != "ConvTransfer.Engine.Threads" && Outermost(t).FullName != "ConvTransfer.Pipelines.ImageLoop")
        .Select(t => t.FullName));

    // Engine holds the kernels; Operators and Runtime hand addresses on to them; Core calls the file system.
    [Fact]
    public void OnlyTheRoomsOfTheRunningPathMayBeUnsafe()
    {
        string[] expected = ["Core", "Engine", "Operators", "Runtime"];
        var actual = Rooms.All.Where(r => XDocument.Load(Repository.PathOf("src", r.Project, $"{r.Project}.csproj")).Descendants("AllowUnsafeBlocks").Any(e => e.Value == "true")).Select(r => r.Name);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void OnlyCoreCallsNativeFunctions() => Assert.Empty(
        from room in Rooms.All
        where room.Name != "Core"
        from type in room.Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where method.Attributes.HasFlag(MethodAttributes.PinvokeImpl)
        select $"{type.FullName}.{method.Name}");

    [Fact]
    public void OnlyCoreSavesFiles()
    {
        string[] saving = [nameof(File.Move), nameof(File.Replace), nameof(File.Create), nameof(File.OpenWrite), nameof(File.WriteAllBytes), nameof(File.WriteAllText), nameof(File.WriteAllLines), nameof(File.AppendAllText)];
        Assert.Empty(
            from room in Rooms.All
            where room.Name != "Core"
            from type in room.Assembly.GetTypes()
            from member in TypeReferences.Of(type).Members
            where (member.DeclaringType == typeof(File) && saving.Contains(member.Name)) || (member.DeclaringType == typeof(FileStream) && member is ConstructorInfo)
            select $"{type.FullName} uses {member.DeclaringType!.Name}.{member.Name}: use DurableFile");
    }

    private static IEnumerable<Type> Users(Func<Type, bool> what) => Rooms.All.SelectMany(r => r.Assembly.GetTypes()).Where(t => TypeReferences.Of(t).Types.Any(what));

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
