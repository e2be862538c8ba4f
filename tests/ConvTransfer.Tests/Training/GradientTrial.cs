using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Operators.Internal;
using ConvTransfer.Operators.Schema;
using ConvTransfer.Runtime;
using ConvTransfer.Tests.Operators;
using ConvTransfer.Training;

namespace ConvTransfer.Tests.Training;

/// <summary>One problem with a random linear loss over its outputs, in float64 and in float32. Owns its tensors.</summary>
internal sealed class GradientTrial : IDisposable
{
    private const string Loss = "loss";
    private readonly Dictionary<string, Tensor> _feeds;
    private readonly Model _double, _single;

    public GradientTrial(OperatorProblem problem, Operator op, bool isRoot)
    {
        int version = op.Schema.VersionIn(isRoot ? problem.Opset : GradientOperators.Version);
        Parameter[] formal = [.. op.Schema.InputsOf(version)];
        // Sizes, axes and bounds stay constants; every number that the result varies with is differentiated.
        Wanted = [.. problem.Node.Inputs.Select((name, i) => (name, i)).Where(x => x.name.Length > 0 && problem.Inputs[x.i] is { IsConstant: false } input && input.Data.ElementType == ElementType.Float32 && OperatorSchema.At(formal, x.i) is { DecidesShape: false }).Select(x => x.name)];
        _single = WithLoss(problem);
        // What decides shapes keeps its type: scales are float32 beside any data.
        _double = AsDouble(_single, [.. problem.Node.Inputs.Where((name, i) => name.Length > 0 && OperatorSchema.At(formal, i) is { DecidesShape: true })]);
        _feeds = problem.Feeds().ToDictionary(f => f.Key, f => Doubled(f.Value));
    }

    /// <summary>The inputs that are differentiated.</summary>
    public string[] Wanted { get; }

    /// <summary>The coordinates of an input.</summary>
    public long Count(string input) => _feeds[input].ElementCount;

    /// <summary>The gradient graph in one of the two types.</summary>
    public GradientGraph Differentiate(bool single) => Differentiation.Of(single ? _single : _double, Loss, Wanted);

    /// <summary>The gradients by the references in float64; null where a gradient is 0 everywhere.</summary>
    public Dictionary<string, double[]?> Reference()
    {
        var graph = Differentiate(single: false);
        string[] names = [.. graph.Gradients.Values.OfType<string>().Distinct()];
        var results = ReferenceExecutor.Run(graph.Model, _feeds, names, null, OperatorSet.Training);
        var byName = names.Zip(results).ToDictionary(x => x.First, x => x.Second.AsSpan<double>().ToArray());
        foreach (var result in results) result.Dispose();
        return graph.Gradients.ToDictionary(g => g.Key, g => g.Value is null ? null : byName[g.Value]);
    }

    /// <summary>The gradients by a planned run in float32, the arena poisoned.</summary>
    public Dictionary<string, float[]> Planned(int threads)
    {
        var graph = Differentiate(single: true);
        string[] names = [.. graph.Gradients.Values.OfType<string>().Distinct()];
        using var planner = new Planner(graph.Model, names, null, OperatorSet.Training);
        using var session = planner.CreateSession(threads);
        session.PoisonArena = true;
        var inputs = planner.Inputs.Select(i => Single(_feeds[i.Name])).ToArray();
        var results = session.Run(inputs);
        var byName = names.Zip(results).ToDictionary(x => x.First, x => x.Second.AsSpan<float>().ToArray());
        foreach (var tensor in inputs.Concat(results)) tensor.Dispose();
        return graph.Gradients.Where(g => g.Value is not null).ToDictionary(g => g.Key, g => byName[g.Value!]);
    }

    /// <summary>The loss with the inputs moved along a direction, in float64.</summary>
    public double LossAt(IReadOnlyDictionary<string, double[]> direction, double step)
    {
        var moved = _feeds.ToDictionary(f => f.Key, f => f.Value.Clone());
        foreach (var (name, along) in direction)
        {
            var values = moved[name].AsSpan<double>();
            for (int i = 0; i < values.Length; i++) values[i] += step * along[i];
        }
        var result = ReferenceExecutor.Run(_double, moved, [Loss], null, OperatorSet.Training)[0];
        double loss = result.AsSpan<double>()[0];
        result.Dispose();
        foreach (var tensor in moved.Values) tensor.Dispose();
        return loss;
    }

    public void Dispose()
    {
        foreach (var tensor in _feeds.Values) tensor.Dispose();
    }

    // loss = Σ over outputs and elements of weight · element; the weights are random, so that no error cancels.
    private static Model WithLoss(OperatorProblem problem)
    {
        var model = problem.ToModel();
        var nodes = new List<Node>(model.Graph.Nodes);
        var constants = new List<TensorData>(model.Graph.Initializers);
        var feeds = problem.Feeds();
        var outputs = ReferenceExecutor.Run(Importing(model), feeds, null, null, OperatorSet.Training);
        string total = "";
        for (int i = 0; i < outputs.Length; i++)
        {
            // What is not named y is a by-product that has no gradient.
            if (outputs[i].ElementType == ElementType.Float32 && model.Graph.Outputs[i].Name.StartsWith('y'))
            {
                constants.Add(ProblemData.Normal(777 + i, [.. outputs[i].Shape.Dims]).Data with { Name = $"weights{i}" });
                nodes.Add(new Node("Mul", [model.Graph.Outputs[i].Name, $"weights{i}"], [$"weighted{i}"]));
                nodes.Add(new Node("ReduceSum", [$"weighted{i}"], [$"sum{i}"]) { Attributes = [ProblemData.Attribute("keepdims", 0)] });
                if (total.Length > 0) nodes.Add(new Node("Add", [total, $"sum{i}"], [$"total{i}"]));
                total = total.Length > 0 ? $"total{i}" : $"sum{i}";
            }
            outputs[i].Dispose();
        }
        foreach (var feed in feeds.Values) feed.Dispose();
        nodes.Add(new Node("Identity", [total], [Loss]));
        return Importing(model with { Graph = model.Graph with { Nodes = [.. nodes], Initializers = [.. constants], Outputs = [new ValueInfo(Loss, null)] } });
    }

    private static Model Importing(Model model) => model with { OpsetImports = [new OpsetImport("", System.Math.Max(18, model.Opset()!.Value)), new OpsetImport(GradientOperators.Domain, GradientOperators.Version)] };

    private static Model AsDouble(Model model, HashSet<string> kept) => model with
    {
        Graph = model.Graph with
        {
            Inputs = model.Graph.Inputs.Select(i => i.Type is TensorType { ElementType: ElementType.Float32 } type ? i with { Type = type with { ElementType = ElementType.Float64 } } : i).ToValueList(),
            Initializers = model.Graph.Initializers.Select(data => kept.Contains(data.Name) ? data : Doubled(data)).ToValueList(),
        },
    };

    private static TensorData Doubled(TensorData data)
    {
        using var tensor = data.ToTensor();
        using var doubled = Doubled(tensor);
        return TensorData.From(data.Name, doubled);
    }

    private static Tensor Doubled(Tensor tensor) => tensor.ElementType == ElementType.Float32
        ? Filled(ElementType.Float64, tensor.Shape, Array.ConvertAll(tensor.AsSpan<float>().ToArray(), v => (double)v))
        : tensor.Clone();

    private static Tensor Single(Tensor tensor) => tensor.ElementType == ElementType.Float64
        ? Filled(ElementType.Float32, tensor.Shape, Array.ConvertAll(tensor.AsSpan<double>().ToArray(), v => (float)v))
        : tensor.Clone();

    private static Tensor Filled<T>(ElementType type, Shape shape, T[] values) where T : unmanaged
    {
        var tensor = Tensor.Uninitialized(type, shape);
        values.CopyTo(tensor.AsSpan<T>());
        return tensor;
    }
}
