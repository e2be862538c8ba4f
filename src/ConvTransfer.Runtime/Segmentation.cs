using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;

namespace ConvTransfer.Runtime;

/// <summary>
/// Splits a model into segments. For every length that the inputs leave open, the types are told twice, once with the length as it is
/// and once with another; where everything that is still read has the same type both times, a segment begins.
/// </summary>
/// <remarks>
/// A split in the wrong place would cost time and nothing else: every segment is planned for the types that it really gets, and cutting
/// a graph does not change the bits of what it computes.
/// </remarks>
internal static class Segmentation
{
    /// <summary>What an open length is changed by: a multiple of the strides of common networks, so that these stay valid.</summary>
    private const long Change = 32;

    /// <summary>The segments of a model, in order; one when it is the same for all inputs, or cannot be typed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">What a first call gives.</param>
    public static Segment[] Of(PreparedModel model, ReadOnlySpan<Tensor> inputs)
    {
        var open = OpenLengths(model);
        var starts = new SortedSet<int> { 0 };
        if (open.Count > 0)
        {
            var shapes = new Shape[inputs.Length];
            for (int i = 0; i < shapes.Length; i++) shapes[i] = inputs[i].Shape;
            using var was = new Types(model, inputs, shapes);
            if (was.AreComplete)
            {
                foreach (var axes in open)
                {
                    var changed = shapes.ToArray();
                    foreach (var (input, axis) in axes) changed[input] = changed[input].With(axis, checked(changed[input][axis] + Change));
                    using var now = new Types(model, inputs, changed);
                    if (now.AreComplete) starts.Add(Start(model, was, now));
                }
            }
        }
        starts.Remove(model.Nodes.Length);
        // A model that is constant has no nodes left, and yet a segment that hands out its values.
        starts.Add(0);
        return Split(model, [.. starts, model.Nodes.Length]);
    }

    // Axes of one symbol have the same length; an axis without a symbol is on its own. What decides shapes by its values stays as it is.
    private static List<(int Input, int Axis)[]> OpenLengths(PreparedModel model)
    {
        var open = new Dictionary<string, List<(int, int)>>();
        for (int i = 0; i < model.Inputs.Length; i++)
        {
            if (model.DecidesShape[i] || model.Inputs[i].Type is not TensorType { Dims: { } dims }) continue;
            for (int axis = 0; axis < dims.Count; axis++)
            {
                if (dims[axis].IsKnown) continue;
                string key = dims[axis].Symbol ?? $"{i} {axis}";
                if (!open.TryGetValue(key, out var axes)) open[key] = axes = [];
                axes.Add((i, axis));
            }
        }
        return [.. open.Values.Select(a => a.ToArray())];
    }

    // The first place behind which nothing is read whose type the change reaches, or which was computed while planning.
    private static int Start(PreparedModel model, Types was, Types now)
    {
        var made = new Dictionary<string, int>();
        var lastRead = new Dictionary<string, int>();
        for (int i = 0; i < model.Nodes.Length; i++)
        {
            foreach (string input in model.Nodes[i].Inputs)
                if (input.Length > 0) lastRead[input] = i;
            foreach (string output in model.Nodes[i].Outputs)
                if (output.Length > 0) made[output] = i;
        }
        var held = lastRead.Where(v => !model.Constants.Contains(v.Key) && (was.IsFolded(v.Key) || !was.Of(v.Key).Equals(now.Of(v.Key))))
            .Select(v => (From: made.GetValueOrDefault(v.Key, -1), To: v.Value)).OrderBy(v => v.From).ToArray();
        // Ordered by where they are made, so one pass finds the first place that none of them spans.
        int start = 0;
        foreach (var (from, to) in held)
        {
            if (from >= start) break;
            start = Math.Max(start, to + 1);
        }
        return start;
    }

    private static Segment[] Split(PreparedModel model, int[] bounds)
    {
        var segments = new Segment[bounds.Length - 1];
        var places = new Dictionary<string, (int Segment, int Index)>();
        for (int i = 0; i < model.Inputs.Length; i++) places[model.Inputs[i].Name] = (-1, i);
        for (int s = 0; s < segments.Length; s++)
        {
            var nodes = model.Nodes[bounds[s]..bounds[s + 1]];
            var own = nodes.SelectMany(n => n.Outputs).Where(o => o.Length > 0).ToHashSet();
            var wanted = model.Outputs.Concat(model.Nodes[bounds[s + 1]..].SelectMany(n => n.Inputs)).Where(own.Contains);
            // What no node makes, an input or a constant, is handed out by the first segment.
            if (s == 0) wanted = wanted.Concat(model.Outputs.Where(o => model.Constants.Contains(o) || places.ContainsKey(o)));
            string[] outputs = [.. wanted.Distinct()];
            var read = nodes.SelectMany(n => n.Inputs).Concat(outputs).Distinct().Where(places.ContainsKey);
            segments[s] = new Segment { Nodes = nodes, Outputs = outputs, Inputs = [.. read.Select(name => new SegmentInput(name, places[name].Segment, places[name].Index))] };
            for (int i = 0; i < outputs.Length; i++) places.TryAdd(outputs[i], (s, i));
        }
        return segments;
    }

    /// <summary>The types of all values for given input shapes.</summary>
    private sealed class Types : IDisposable
    {
        private readonly ConstantTable _folded;
        private readonly TypeInference _walk;

        public Types(PreparedModel model, ReadOnlySpan<Tensor> inputs, Shape[] shapes)
        {
            _folded = new ConstantTable(model.Constants);
            var problems = new ProblemList();
            _walk = PlanBuilder.Walk(model, _folded, problems);
            for (int i = 0; i < shapes.Length; i++)
            {
                if (model.DecidesShape[i]) _folded.Add(model.Inputs[i].Name, HalfConversion.WidenedCopy(inputs[i]));
                _walk.Declare(model.Inputs[i].Name, TensorType.Of(inputs[i].ElementType, shapes[i]));
            }
            _walk.Run(model.Nodes);
            AreComplete = !problems.HasErrors && model.Nodes.SelectMany(n => n.Outputs).All(o => o.Length == 0 || _walk.TypeOf(o) is { IsStatic: true });
        }

        /// <summary>True when no problem was found, and every type is known with all its lengths.</summary>
        public bool AreComplete { get; }

        public bool IsFolded(string name) => _folded.Contains(name);

        public TensorType Of(string name) => _walk.TypeOf(name)!;

        public void Dispose() => _folded.Dispose();
    }
}
