using System.Globalization;
using System.Text.Json;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>Runs test cases and compares with their recorded outputs, by the rule of the ONNX project: number, type and shape exactly, then |got − want| ≤ atol + rtol · |want|.</summary>
public sealed record ConformanceRunner
{
    /// <summary>The tolerance relative to the recorded value. A case's own "data.json" goes first.</summary>
    public double RelativeTolerance { get; init; } = 1e-3;

    /// <summary>The absolute tolerance. A case's own "data.json" goes first.</summary>
    public double AbsoluteTolerance { get; init; } = 1e-7;

    /// <summary>The number of threads; 0 for one per processor.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>True to run node by node with the plain references instead of the plan.</summary>
    public bool NodeByNode { get; init; }

    /// <summary>The limits; null for the default ones.</summary>
    public Limits? Limits { get; init; }

    /// <summary>Runs every data set of a case. A fault of the case is a result, not an exception.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public ConformanceResult Run(ConformanceCase conformanceCase, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(conformanceCase);
        try
        {
            var model = OnnxFile.Read(conformanceCase.ModelPath, Limits);
            var (relative, absolute) = Tolerances(conformanceCase);
            int sets = 0;
            foreach (string set in conformanceCase.DataSets())
            {
                sets++;
                if (RunSet(model, set, relative, absolute, cancellationToken) is { } difference) return new(conformanceCase, ConformanceOutcome.Failed, $"{Path.GetFileName(set)}: {difference}");
            }
            return sets == 0 ? new(conformanceCase, ConformanceOutcome.Failed, "the case has no test data") : new(conformanceCase, ConformanceOutcome.Passed, "");
        }
        catch (ConvTransferException e)
        {
            return new(conformanceCase, e.Cause == FailureCause.Unsupported ? ConformanceOutcome.Unsupported : ConformanceOutcome.Failed, e.Message);
        }
    }

    private string? RunSet(Model model, string folder, double relative, double absolute, CancellationToken cancellationToken)
    {
        // In files that list initializers among the inputs the recorded ones are counted without those, unless there are more.
        var required = model.Graph.RequiredInputs.ToValueList();
        var inputs = Load(Directory.EnumerateFiles(folder, "input_*.pb").Count() <= required.Count ? required : model.Graph.Inputs, folder, "input");
        var expected = new Dictionary<string, Tensor>();
        Tensor[] outputs = [];
        try
        {
            expected = Load(model.Graph.Outputs, folder, "output");
            if (expected.Count == 0) return "no outputs are recorded";
            string[] names = [.. model.Graph.Outputs.Select(o => o.Name)];
            outputs = NodeByNode ? ReferenceExecutor.Run(model, inputs, names, Limits) : NamedRun.Run(model, inputs, Threads, Limits, cancellationToken);
            for (int i = 0; i < outputs.Length; i++)
            {
                if (!expected.TryGetValue(names[i], out var want)) return $"output {i} is not recorded";
                if (TensorComparison.Difference(outputs[i], want, relative, absolute) is { } difference) return $"output '{DisplayText.Escape(names[i])}' {difference}";
            }
            return null;
        }
        finally
        {
            foreach (var tensor in inputs.Values.Concat(expected.Values).Concat(outputs)) tensor.Dispose();
        }
    }

    // File K belongs to value K of the list, under whatever name the file itself has.
    private Dictionary<string, Tensor> Load(ValueList<ValueInfo> values, string folder, string prefix)
    {
        var loaded = new Dictionary<string, Tensor>();
        try
        {
            for (int i = 0; i < values.Count; i++)
            {
                string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{prefix}_{i}.pb"));
                if (!File.Exists(path)) continue;
                if (values[i].Type is OtherType other) throw new ConvTransferException(FailureCause.Unsupported, $"{prefix} '{DisplayText.Escape(values[i].Name)}' is of type {other}; only tensors are supported");
                loaded[values[i].Name] = OnnxTensorFile.Read(path, Limits).Tensor;
            }
            return loaded;
        }
        catch
        {
            foreach (var tensor in loaded.Values) tensor.Dispose();
            throw;
        }
    }

    private (double Relative, double Absolute) Tolerances(ConformanceCase conformanceCase)
    {
        string path = Path.Combine(conformanceCase.Folder, "data.json");
        if (!File.Exists(path)) return (RelativeTolerance, AbsoluteTolerance);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            double Value(string name, double otherwise) => document.RootElement.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;
            return (Value("rtol", RelativeTolerance), Value("atol", AbsoluteTolerance));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or IOException)
        {
            throw new ConvTransferException(FailureCause.DataInvalid, $"the tolerances cannot be read: {e.Message}", path, innerException: e);
        }
    }
}
