using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Operators;
using ConvTransfer.Runtime;

namespace ConvTransfer.Training;

/// <summary>Finds the first layer whose result is not finite, by running the trained part again with all its values asked for.</summary>
internal static class NonFiniteSearch
{
    /// <summary>The node, or null where all results are finite: then it is a gradient that is not.</summary>
    public static Node? First(NetworkSplit split, TrainedWeights weights, TrainingStep step, Limits limits)
    {
        var model = split.ForTraining();
        string[] values = [.. model.Graph.Nodes.Select(n => n.Outputs[0])];
        using var planner = new Planner(model, values, limits, OperatorSet.Training);
        using var session = planner.CreateSession(1);
        var byName = split.Frontier.Zip(step.Frontier).Concat(split.Dropouts.Select(d => d.Mask).Zip(step.Masks)).Concat(weights.Names.Zip(weights.All)).ToDictionary(x => x.First, x => x.Second);
        var results = session.Run([.. planner.Inputs.Select(i => byName[i.Name])]);
        try
        {
            for (int i = 0; i < results.Length; i++)
            {
                if (results[i].ElementType != ElementType.Float32) continue;
                foreach (float value in results[i].AsSpan<float>())
                    if (!float.IsFinite(value)) return model.Graph.Nodes[i];
            }
            return null;
        }
        finally
        {
            foreach (var result in results) result.Dispose();
        }
    }
}
