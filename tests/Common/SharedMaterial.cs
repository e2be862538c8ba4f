namespace ConvTransfer.Tests.Common;

/// <summary>The one way by which tests find the test material: the folder CONVTRANSFER_SHARED names, else "../shared" beside the repository.</summary>
public static class SharedMaterial
{
    private static readonly string? Root = Find();

    /// <summary>True when the material is there.</summary>
    public static bool IsPresent => Root is not null;

    /// <summary>The path of a file or folder of the material.</summary>
    /// <exception cref="InvalidOperationException">The material is not there; tests ask through <see cref="SharedFactAttribute"/> first.</exception>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root ?? throw new InvalidOperationException(Missing), .. parts]);

    internal const string Missing = "the test material is not there: set CONVTRANSFER_SHARED to its folder";

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("CONVTRANSFER_SHARED") is { Length: > 0 } named) return Directory.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(System.IO.Path.Combine(folder.FullName, "ConvTransfer.sln"))) continue;
            string beside = System.IO.Path.Combine(folder.Parent?.FullName ?? "/", "shared");
            return Directory.Exists(System.IO.Path.Combine(beside, "conformance")) ? beside : null;
        }
        return null;
    }
}

/// <summary>A fact that needs the test material and skips, saying so, where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute()
    {
        if (!SharedMaterial.IsPresent) Skip = SharedMaterial.Missing;
    }
}

/// <summary>A theory that needs the test material and skips, saying so, where it is not there. Its member data must be empty-safe: list cases only when <see cref="SharedMaterial.IsPresent"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute()
    {
        if (!SharedMaterial.IsPresent) Skip = SharedMaterial.Missing;
    }
}
